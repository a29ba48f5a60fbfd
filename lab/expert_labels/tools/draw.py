import sys,random,json,collections,re
sys.path.insert(0,'lab')
from ev import rows
D='/work/shared/data/'
rng=random.Random(20261125)
devdocs=set(l.strip() for l in open(D+'expert/dev_documents.txt'))
used=set()
gold={}
for p in ['train','train_corpus']:
    for r in rows(D+'expert/'+p+'.jsonl.zst'): used.add(r['id'].split('#')[0] if not r['id'].startswith('fundus') else r['id']); gold[r['id']]=dict(r,set=p)
for p in ['dev','dev_corpus','dev_multilingual']:
    for r in rows(D+'expert/'+p+'.jsonl.zst'): devdocs.add(r['id'].rsplit('#',1)[0])
texts_dev=set()
for p in ['dev','dev_corpus','dev_multilingual']:
    for r in rows(D+'expert/'+p+'.jsonl.zst'): texts_dev.add(r['text'][:200])
def words(s): # chinese characters count as half a word
    return len(s.split())+len(re.findall(r'[\u3040-\u30ff\u4e00-\u9fff]',s))//2
def excerpt(text,limit):
    L=text.split('\n')
    if text.endswith('\n'): L=L[:-1]
    n=[words(l) for l in L]
    if sum(n)<=limit and len(L)<=180: return 0,len(L),True
    total=sum(n)
    start=rng.randrange(len(L)) if rng.random()<0.6 else 0
    # do not start so late that little is left
    while start>0 and sum(n[start:])<limit*0.5: start=int(start*0.7)
    b=start;w=0
    while b<len(L) and w+n[b]<=limit and b-start<180: w+=n[b]; b+=1
    if b==start: b=start+1
    return start,b,False
def pick(path,count,cond=lambda r:True,limit=None,maxchars=6000):
    R=[r for r in rows(D+path+'.jsonl.zst') if r['id'] not in devdocs and r['id'] not in used and r['text'].strip() and cond(r) and r['text'][:200] not in texts_dev]
    rng.shuffle(R); out=[];seen=collections.Counter()
    for r in R:
        if len(out)>=count: break
        host=(r.get('url') or '').split('/')[2:3]
        key=host[0] if host else None
        if key and seen[key]>=3: continue
        lim=limit or rng.choice([200,400,600,600,600])
        a,b,whole=excerpt(r['text'],lim)
        L=r['text'].split('\n')
        t='\n'.join(L[a:b])
        if b<len(L): t+='\n'
        if len(t)>maxchars or len(t.strip())<40: continue
        if key: seen[key]+=1
        out.append(dict(id=f"{r['id']}#{a}-{b}",source=r['source'],lang=r.get('lang'),page_type=r.get('page_type'),whole=whole,text=t))
    return out
lang=lambda *l:(lambda r:r.get('lang') in l)
web=pick('human/wcxb',330,lang('en'))+pick('human/dragnet',50)+pick('human/cleaneval',50)+pick('human/l3s_gn1',30)+pick('corpus/trafilatura_pages',30,lang('en'))+pick('human/fundus',20,lang('en'))+pick('corpus/snacktory',15,lang('en'))
corpus=pick('corpus/dclm_labelled',150)+pick('corpus/c4_snippets',220)+pick('corpus/ccnet_misc',11,lang('en'))+pick('corpus/wikidata_refs',50,lang('en'))+pick('corpus/fakenews_sample',30)+pick('corpus/cc_pages',50,lang('en'))+pick('corpus/hplt_excerpts',40,lang('en'))
multi=[]
for l,n in [('sv',40),('fr',40),('de',30),('fi',20),('es',20)]: multi+=pick('human/turku_lines',n,lang(l))
for l,n in [('ru',30),('pl',30),('zh',15)]: multi+=pick('human/daniel',n,lang(l),maxchars=5000)
multi+=pick('corpus/trafilatura_pages',30,lang('de'))+pick('corpus/trafilatura_pages',12,lang('es'))+pick('corpus/trafilatura_pages',10,lang('fr'))+pick('corpus/trafilatura_pages',6,lang('pl'))
multi+=pick('human/zh_news',20,maxchars=3000)+pick('human/fundus',12,lang('de'))+pick('corpus/ccnet_misc',10,lang('zh'),maxchars=3000)
for name,S in [('web',web),('corpus',corpus),('multi',multi)]:
    rng.shuffle(S); print(name,len(S),sum(len(s['text']) for s in S),collections.Counter(s['source'] for s in S))
    hidden=[g for g in gold.values() if g['set']==('train_corpus' if name=='corpus' else 'train')]
    rng.shuffle(hidden)
    # batches of about 26,000 characters, one hidden gold document in each (none for multi)
    batch=[];size=0;k=0
    def flush():
        global batch,size,k
        if not batch: return
        docs=list(batch)
        if name!='multi': 
            h=hidden[k%len(hidden)]; docs.insert(rng.randrange(len(docs)+1),dict(h,hidden=True))
        k+=1; f=f'{name}{k:03d}'
        with open(f'/work/ann/in/{f}.jsonl','w') as o:
            for d in docs: o.write(json.dumps({x:d.get(x) for x in ('id','source','lang','page_type','whole','text','hidden')},ensure_ascii=False)+'\n')
        with open(f'/work/ann/in/{f}.txt','w') as o:
            for i,d in enumerate(docs,1):
                L=d['text'].split('\n')
                if d['text'].endswith('\n'): L=L[:-1]
                o.write(f"=== DOC {i}{' (excerpt of a longer page)' if not d['whole'] else ''}\n")
                for j,l in enumerate(L,1): o.write(f"{j}\t{l}\n")
        batch=[];size=0
    for s in S:
        batch.append(s); size+=len(s['text'])
        if size>24000 or len(batch)>=24: flush()
    flush(); print(name,k,'batches')
# examples: gold train documents
ex=[g for g in gold.values() if g['set']=='train' and 1200<len(g['text'])<3600]; rng.shuffle(ex)
ec=[g for g in gold.values() if g['set']=='train_corpus' and 400<len(g['text'])<2500 and 'remove_str' in g['program']]; rng.shuffle(ec)
with open('/work/ann/examples.txt','w') as o:
    for i,d in enumerate(ex[:9]+ec[:6],1):
        L=d['text'].split('\n')
        if d['text'].endswith('\n'): L=L[:-1]
        o.write(f"=== DOC {i}{' (excerpt of a longer page)' if not d['whole'] else ''}\n"); 
        for j,l in enumerate(L,1): o.write(f"{j}\t{l}\n")
        o.write('--- PROGRAM\n'+d['program']+'\n')
